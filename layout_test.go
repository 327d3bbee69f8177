package beltic_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// sharedFiles are the files that may name every resource: where the resources are wired, introduced,
// modeled and printed. Each resource has a file of its own besides.
var sharedFiles = []string{"client.go", "codec_gen.go", "doc.go", "models.go", "printing.go", "printing_gen.go"}

// resources returns the names of the client's services and of their records, such as Sessions and
// Session.
func resources() (services, records []string) {
	for service := range reflect.TypeFor[beltic.Client]().Fields() {
		if list, ok := service.Type.MethodByName("List"); ok {
			page, _ := list.Type.Out(0).Elem().FieldByName("Data")
			services, records = append(services, service.Name), append(records, page.Type.Elem().Name())
		}
	}
	return services, records
}

func TestAClientHasEveryService(t *testing.T) {
	client, err := beltic.NewClient(testKey)
	require.NoError(t, err)
	for field, service := range reflect.ValueOf(client).Elem().Fields() {
		if field.IsExported() {
			assert.False(t, service.IsNil(), "client.go does not fill Client.%s", field.Name)
		}
	}
}

// The mechanism works for every resource because it names none, so that another needs no change in
// it.
func TestTheMechanismNamesNoResource(t *testing.T) {
	services, records := resources()
	require.NotEmpty(t, services)
	resourceFiles := slices.Clone(sharedFiles)
	for _, service := range services {
		resourceFiles = append(resourceFiles, strings.ToLower(service)+".go")
	}
	names := strings.Join(slices.Concat(services, records), "|")
	resourceNames := regexp.MustCompile(`^(` + names + `)([A-Z]|$)|^(` + strings.ToLower(names) + `)([A-Z]|$)`)
	for _, dir := range []string{".", "internal/jsonapi", "internal/transport"} {
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, file := range files {
			name := file.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || dir == "." && slices.Contains(resourceFiles, name) {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), dir+"/"+name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					assert.False(t, resourceNames.MatchString(id.Name), "%s/%s names %s: only resource files do, named after a service of Client. "+
						"Is the line of the service in client.go missing?", dir, name, id.Name)
				}
				return true
			})
		}
	}
}
