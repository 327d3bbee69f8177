package main

import (
	"net/http"
	"net/url"

	"github.com/belticlabs/beltic-go/beltictest"
)

// errorForms are the forms of errors by the name of their file, each with a status that fits.
var errorForms = map[string]struct {
	status int
	body   beltictest.ErrorBody
}{
	"nested.json":     {http.StatusUnauthorized, beltictest.BodyNested},
	"flat.json":       {http.StatusForbidden, beltictest.BodyFlat},
	"detail.json":     {http.StatusNotFound, beltictest.BodyDetail},
	"error_text.json": {http.StatusConflict, beltictest.BodyErrorText},
	"problem.json":    {http.StatusUnprocessableEntity, beltictest.BodyProblem},
	"error_code.json": {http.StatusTooManyRequests, beltictest.BodyFlatError},
	"message.json":    {http.StatusInternalServerError, beltictest.BodyMessage},
	"gateway_503.txt": {http.StatusServiceUnavailable, beltictest.BodyText},
	"nginx_504.html":  {http.StatusGatewayTimeout, beltictest.BodyHTML},
}

// errorBodies is one body of every form of an error, by the name of its file. The one of JSON:API
// is what the fake server has to say of a bad parameter; the others are made by its faults.
func errorBodies() map[string][]byte {
	files := map[string][]byte{"errors/jsonapi.json": ask(sessionsPath, url.Values{"status": {"unheard_of"}})}
	for name, form := range errorForms {
		server := beltictest.NewServer(beltictest.InMemory())
		server.Inject(beltictest.Always(), beltictest.Status(form.status).Body(form.body))
		files["errors/"+name] = get(server, sessionsPath, nil)
		server.Close()
	}
	return files
}
