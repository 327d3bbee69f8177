package main

import "net/url"

// errorBodies is one body of every shape of an error, by the name of its file.
func errorBodies() map[string][]byte {
	return map[string][]byte{
		"errors/jsonapi.json": ask(nil, url.Values{"status": {"unheard_of"}}),
		"errors/nested.json": object(`{"error":{"code":"unauthorized","message":"The API key is not valid.",` +
			`"details":{"header":"X-Api-Key"},"request_id":"req_fixture_401"}}`),
		"errors/error_text.json": object(`{"error":"The list has changed."}`),
		"errors/flat.json":       object(`{"code":"forbidden","message":"The API key may not list sessions."}`),
		"errors/error_code.json": object(`{"error_code":"rate_limited","error_message":"Too many requests."}`),
		"errors/message.json":    object(`{"message":"Internal server error"}`),
		"errors/detail.json":     object(`{"detail":"Not found."}`),
		"errors/problem.json": object(`{"type":"https://example.com/problems/invalid-cursor","title":"Invalid cursor","status":422,` +
			`"detail":"The cursor has expired.","instance":"/v1/identity/sessions"}`),
		"errors/nginx_504.html":  []byte(nginx),
		"errors/gateway_503.txt": []byte("upstream connect error or disconnect/reset before headers. reset reason: connection timeout"),
	}
}

func object(text string) []byte { return indent([]byte(text)) }

// nginx is the page of the web server of that name, which ends its lines in CR LF.
const nginx = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n" +
	"<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
