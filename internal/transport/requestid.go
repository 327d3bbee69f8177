package transport

import "strings"

// requestIDHeaders are where servers and gateways put the id of a request. Which of them the API
// sends is undocumented.
var requestIDHeaders = []string{"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Correlation-Id", "Cf-Ray"}

// RequestID finds the id that the server gave the request, or "".
func (r *Response) RequestID() string {
	for _, name := range requestIDHeaders {
		if id := r.Header.Get(name); IsToken(id) && IsToken(r.Mask(id)) {
			return id
		}
	}
	return ""
}

// maxToken is the longest server-made identifier that is shown, in bytes.
const maxToken = 128

const tokenCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:"

// IsToken reports whether a text is short and of identifier characters only, so that it can be
// shown in a log or an error.
func IsToken(text string) bool {
	return text != "" && len(text) <= maxToken && strings.Trim(text, tokenCharacters) == ""
}
