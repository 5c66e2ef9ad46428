package mesh

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/ipn"
)

// watch follows tsnet's own news and turns it into events and failures.
func (n *Node) watch(ctx context.Context) {
	watcher, err := n.client.WatchIPNBus(ctx, ipn.NotifyInitialState|ipn.NotifyPeerChanges)
	if err != nil {
		n.fail(nodeFailed("tsnet tells nothing", err))
		return
	}
	defer watcher.Close()
	login := newLogin(n)
	go n.watchControl(ctx, login)
	for {
		news, err := watcher.Next()
		if err != nil {
			if ctx.Err() == nil {
				n.fail(nodeFailed("tsnet tells nothing", err))
			}
			return
		}
		if news.ErrMessage != nil {
			n.fail(loginFailure(*news.ErrMessage))
			return
		}
		if news.State != nil {
			n.follow(ctx, *news.State, login)
		}
		if news.BrowseToURL != nil && *news.BrowseToURL != "" {
			login.wantsPerson(ctx)
		}
		if len(news.PeersChanged) > 0 || len(news.PeersRemoved) > 0 {
			n.known.changed(ctx, news.PeersChanged)
			for _, node := range news.PeersChanged {
				n.open.closeEarlier(node)
			}
			go n.closeStrangers(ctx)
		}
	}
}

func (n *Node) follow(ctx context.Context, state ipn.State, login *login) {
	switch state {
	case ipn.NeedsLogin:
		login.needed(ctx)
	case ipn.NeedsMachineAuth:
		n.fail(protocol.Failure{Code: protocol.ApprovalNeeded, Message: "this node waits for approval at the control server"})
	case ipn.Running:
		login.succeeded()
		if err := n.tellJoined(ctx); err != nil && ctx.Err() == nil {
			n.fail(nodeFailed("tsnet tells no status", err))
		}
	}
}

// closeStrangers closes the connections with what is no longer a peer.
func (n *Node) closeStrangers(ctx context.Context) {
	n.open.closeUnless(func(peer peerAddress) bool { return n.known.isPeer(ctx, peer) })
}

func (n *Node) tellJoined(ctx context.Context) error {
	status, err := n.client.StatusWithoutPeers(ctx)
	if err != nil {
		return err
	}
	if status.Self == nil || len(status.TailscaleIPs) == 0 {
		return errors.New("a node without an address")
	}
	if err := os.WriteFile(filepath.Join(n.settings.StateFolder, identityMark), nil, 0o600); err != nil {
		return err
	}
	joined := protocol.Joined{NodeID: string(status.Self.ID)}
	for _, address := range status.TailscaleIPs {
		joined.Addresses = append(joined.Addresses, address.String())
	}
	if status.Self.KeyExpiry != nil {
		joined.KeyExpiry = status.Self.KeyExpiry.UTC().Format(time.RFC3339)
	}
	n.joined.Store(true)
	n.events.Joined(joined)
	return nil
}
