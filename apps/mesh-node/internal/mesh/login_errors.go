package mesh

import (
	"strings"

	"globalstacks/mesh-node/internal/protocol"
)

// connectionErrors are texts of Go's errors for a control server that cannot be reached or trusted. They are not about
// the key, although they may contain words such as expired or not found.
var connectionErrors = []string{
	"x509:", "tls:", "certificate", "dial tcp", "no such host", "connection refused", "i/o timeout", "deadline exceeded",
}

// Control servers report these only as text; the texts are Headscale's and Tailscale's.
var loginErrors = []struct {
	contains string
	code     protocol.Code
}{
	{"already used", protocol.KeyUsed},
	{"already been used", protocol.KeyUsed},
	{"expired", protocol.KeyExpired},
	{"invalid pre auth key", protocol.KeyInvalid},
	{"invalid key", protocol.KeyInvalid},
	{"invalid authkey", protocol.KeyInvalid},
	{"not valid", protocol.KeyInvalid},
	{"not found", protocol.KeyInvalid},
}

func loginFailure(message string) protocol.Failure {
	lower := strings.ToLower(message)
	for _, words := range connectionErrors {
		if strings.Contains(lower, words) {
			return protocol.Failure{Code: protocol.ControlUnreachable, Message: "the control server does not answer: " + message}
		}
	}
	for _, known := range loginErrors {
		if strings.Contains(lower, known.contains) {
			return protocol.Failure{Code: known.code, Message: "the control server refused the auth key: " + message}
		}
	}
	return protocol.Failure{Code: protocol.LoginRefused, Message: "the control server refused this node: " + message}
}

// isRetried is true for an overloaded control server: tsnet asks again after the given time.
func isRetried(message string) bool { return strings.Contains(message, "rate limited; will retry") }
