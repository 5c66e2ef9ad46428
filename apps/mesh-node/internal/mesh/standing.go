package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// standing is whether the control server knows this node.
type standing int

const (
	// standingUnknown: the control server gave another answer, or limits requests.
	standingUnknown standing = iota
	standingMember
	standingForgotten
	standingExpired
)

const (
	askTimeout = time.Second
	// maxAnswerBytes: an answer names a user and a login, and little else.
	maxAnswerBytes = 64 << 10
)

// askStanding asks the control server whether it still knows this node, with the request that a restarted node sends: a
// registration of its node key without an auth key. It changes nothing for a known node. There is no other way: a
// deleted node is not notified, its poll stays open, and its peers only fall silent. An error means that there was no
// answer.
func (n *Node) askStanding(ctx context.Context) (standing, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	self, ok := n.membership.current()
	if !ok {
		return standingUnknown, nil
	}
	request, err := n.registration(ctx, self.Key())
	if err != nil {
		return standingUnknown, err
	}
	response, err := n.server.Sys().NoiseRoundTripper.Get().RoundTrip(request)
	if err != nil {
		return standingUnknown, err
	}
	defer response.Body.Close()
	var answer tailcfg.RegisterResponse
	if response.StatusCode != http.StatusOK {
		return standingUnknown, nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&answer); err != nil {
		return standingUnknown, err
	}
	return standingIn(answer), nil
}

func (n *Node) registration(ctx context.Context, nodeKey key.NodePublic) (*http.Request, error) {
	body, err := json.Marshal(tailcfg.RegisterRequest{
		Version: tailcfg.CurrentCapabilityVersion, NodeKey: nodeKey, Ephemeral: n.settings.Ephemeral,
		Hostinfo: &tailcfg.Hostinfo{Hostname: n.settings.Hostname},
	})
	if err != nil {
		return nil, err
	}
	// Inside the encrypted connection the scheme is https, whatever transports it.
	_, host, _ := strings.Cut(strings.TrimSuffix(n.settings.ControlURL, "/"), "://")
	return http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("https://%s/machine/register", host), bytes.NewReader(body))
}

func standingIn(answer tailcfg.RegisterResponse) standing {
	switch {
	case answer.Error != "":
		return standingUnknown
	case answer.NodeKeyExpired:
		return standingExpired
	case answer.AuthURL != "":
		return standingForgotten
	default:
		return standingMember
	}
}
