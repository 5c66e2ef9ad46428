package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tailscale.com/client/local"
	"tailscale.com/client/tailscale/apitype"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// Only the answer that there is no such peer closes connections; no other result of a look-up does.
func TestOnlyAPeerThatIsNotFoundIsGone(t *testing.T) {
	peer := netip.MustParseAddr("100.64.0.1")
	is := func(changes func(*tailcfg.Node)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			node := &tailcfg.Node{ID: 1, Addresses: []netip.Prefix{netip.PrefixFrom(peer, 32)}}
			changes(node)
			_ = json.NewEncoder(w).Encode(apitype.WhoIsResponse{Node: node})
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		isGone bool
	}{
		"a peer":                        {is(func(*tailcfg.Node) {}), false},
		"no peer":                       {status(http.StatusNotFound), true},
		"a peer whose key has expired":  {is(func(node *tailcfg.Node) { node.Expired = true }), true},
		"what a peer only routes for":   {is(func(node *tailcfg.Node) { node.Addresses = nil }), true},
		"tsnet fails":                   {status(http.StatusInternalServerError), false},
		"tsnet has too much to do":      {status(http.StatusServiceUnavailable), false},
		"tsnet answers with other text": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "?") }, false},
		"tsnet breaks off":              {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.answer)
			defer server.Close()
			known := newKnownPeers(clientOf(strings.TrimPrefix(server.URL, "http://")), nil, nil)
			ours, theirs := net.Pipe()
			defer ours.Close()
			open := newOpenConnections()
			open.add(peer, key.DiscoPublic{}, theirs)
			open.closeGone(func(address peerAddress) bool { return known.isGone(context.Background(), address) })
			err := theirs.SetDeadline(time.Time{})
			if isClosed := errors.Is(err, io.ErrClosedPipe); isClosed != test.isGone {
				t.Errorf("closed: %t", isClosed)
			}
		})
	}
	t.Run("tsnet is not there", func(t *testing.T) {
		known := newKnownPeers(clientOf("127.0.0.1:1"), nil, nil)
		if known.isGone(context.Background(), peer) {
			t.Error("taken for gone")
		}
	})
}

func clientOf(address string) *local.Client {
	return &local.Client{OmitAuth: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}}
}
