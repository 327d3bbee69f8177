package faulttest

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// catalogue holds the number of every row. Numbers are stable, gaps are meant.
var catalogue = strings.Fields(`
	F001 F002 F004 F005 F006 F008 F009 F010 F011 F012 F013 F014 F015 F017 F018 F019 F020 F021 F022 F024 F027 F028
	F029 F030 F031 F032 F033 F034 F035 F036 F038 F039 F040 F041 F042 F044 F045
	F046 F047 F048 F049 F051 F052 F053 F054 F055 F056 F057 F058 F059 F060 F061 F062 F063 F064 F065 F067 F068 F069 F070 F071 F072 F073
	F077 F078 F079 F080 F081 F084 F085 F087 F088 F089 F090 F091 F092 F093
	F094 F095 F096 F097 F098 F099 F100 F102 F103 F104 F105 F106 F107 F108 F110 F111 F112 F115
	F116 F118 F119 F120 F121
	F122 F123 F124 F125 F126 F127 F128 F129 F130 F131 F132 F134 F135 F136 F137 F138 F140
	F141 F142 F143 F144 F145 F147 F148 F149 F150 F152 F153 F154 F155 F158 F159
	F161 F162 F164 F165 F166 F167 F168 F170 F172
	F173 F174 F175 F176 F177 F178 F179 F180
	F181 F182 F183 F184 F185 F186 F187 F188 F189 F190 F191 F192 F193 F194 F195
	F196 F197 F198 F199 F200 F201 F202 F203 F204 F205 F206 F207 F208 F209 F210 F211 F212 F213 F214 F215 F216 F217
	F218 F219 F220 F221 F222
	F223 F224 F225 F226 F227 F228 F229 F230 F231 F232`)

// allRows are the rows of every section, in the order of the catalogue.
func allRows() []row {
	rows := slices.Concat(connectionRows, timeAndSizeRows, statusRows, redirectRows, jsonRows, dateRows, paginationRows,
		concurrencyRows, inputRows, leakRows, reportRows, shapeRows, answerRows, recorderRows, headerRows, resumingRows, promiseRows, kitRows, writeRows)
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.id, b.id) })
	return rows
}

// TestFault runs every row and counts those that passed.
func TestFault(t *testing.T) {
	passed := 0
	for _, row := range allRows() {
		t.Run(row.id, func(t *testing.T) {
			defer func() {
				if !t.Failed() && !t.Skipped() {
					passed++
				}
			}()
			row.run(t)
		})
	}
	fmt.Printf("rows: %d of %d\n", passed, len(catalogue))
	if selected := flag.Lookup("test.run").Value.String(); !strings.Contains(selected, "/") {
		assert.Equal(t, len(catalogue), passed, "a row of the catalogue failed or was skipped")
	}
}

// TestCatalogue compares the rows with the catalogue.
func TestCatalogue(t *testing.T) {
	var ids []string
	for _, row := range allRows() {
		ids = append(ids, row.id)
		assert.NotEmpty(t, row.fault, row.id)
		assert.NotEmpty(t, row.cases, row.id)
	}
	assert.Equal(t, catalogue, ids, "rows that are missing, double or not of the catalogue")
	assert.Len(t, catalogue, 201)
}
