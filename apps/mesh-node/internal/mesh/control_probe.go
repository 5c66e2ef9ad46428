package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/tailcfg"
)

const (
	firstProbeTimeout = 3 * time.Second
	// probeTimeout applies to probes of a node that has joined: a lost control server is reported within five seconds,
	// including the wait before the question and for the answer.
	probeTimeout = time.Second
)

// probeControl asks the control server for its public key, which needs no login. tsnet itself retries an unreachable
// server for ever and gives no error that a program could act on.
func probeControl(ctx context.Context, controlURL string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	url := fmt.Sprintf("%s/key?v=%d", strings.TrimSuffix(controlURL, "/"), tailcfg.CurrentCapabilityVersion)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return protocol.Failure{Code: protocol.ControlInvalid, Message: err.Error()}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		message := fmt.Sprintf("the control server %s does not answer: %v", controlURL, err)
		return protocol.Failure{Code: protocol.ControlUnreachable, Message: message}
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusInternalServerError {
		message := fmt.Sprintf("the control server %s answers %s", controlURL, response.Status)
		return protocol.Failure{Code: protocol.ControlUnreachable, Message: message}
	}
	var keys tailcfg.OverTLSPublicKeyResponse
	err = json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&keys)
	if err != nil || response.StatusCode != http.StatusOK || keys.PublicKey.IsZero() {
		message := fmt.Sprintf("%s answers, but not as a tsnet control server does (%s)", controlURL, response.Status)
		return protocol.Failure{Code: protocol.ControlInvalid, Message: message}
	}
	return nil
}
