package mesh

import (
	"strings"

	"globalstacks/mesh-node/internal/protocol"
)

// Control servers say it in words alone; these are Headscale's and Tailscale's.
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
	for _, known := range loginErrors {
		if strings.Contains(lower, known.contains) {
			return protocol.Failure{Code: known.code, Message: "the control server refused the auth key: " + message}
		}
	}
	return protocol.Failure{Code: protocol.LoginRefused, Message: "the control server refused this node: " + message}
}
