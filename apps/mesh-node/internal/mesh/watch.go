package mesh

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/ipn"
	"tailscale.com/tailcfg"
)

// watch turns tsnet's notifications into events and failures.
func (n *Node) watch(ctx context.Context) {
	watcher, err := n.client.WatchIPNBus(ctx, ipn.NotifyInitialState|ipn.NotifyInitialNetMap|ipn.NotifyPeerChanges)
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
		n.follow(ctx, news, login)
	}
}

func (n *Node) follow(ctx context.Context, news ipn.Notify, login *login) {
	if news.ErrMessage != nil && !isRetried(*news.ErrMessage) {
		n.fail(loginFailure(*news.ErrMessage))
		return
	}
	if self, joined := n.membership.note(news); joined {
		login.succeeded()
		if err := n.tellJoined(self); err != nil {
			n.fail(nodeFailed("cannot keep the login", err))
			return
		}
	}
	if news.State != nil {
		n.followState(ctx, *news.State, login)
	}
	if news.BrowseToURL != nil && *news.BrowseToURL != "" {
		login.wantsPerson(ctx)
	}
	// A notification that replaces the whole list of peers does not name removed peers.
	if news.SelfChange != nil || len(news.PeersChanged) > 0 || len(news.PeersRemoved) > 0 {
		n.known.changed(ctx, news.PeersChanged)
		for _, node := range news.PeersChanged {
			n.open.closeEarlier(node)
		}
		go n.closeStrangers(ctx)
	}
}

func (n *Node) followState(ctx context.Context, state ipn.State, login *login) {
	switch state {
	case ipn.NeedsLogin:
		login.needed(ctx)
	case ipn.NeedsMachineAuth:
		// The same applies if the key has expired and the clocks differ.
		if self, ok := n.membership.current(); ok && self.Expired() {
			login.lost(ctx, messageExpired)
			return
		}
		n.fail(protocol.Failure{Code: protocol.ApprovalNeeded, Message: "this node waits for approval at the control server"})
	}
}

// closeStrangers closes the connections with addresses that no longer belong to a peer.
func (n *Node) closeStrangers(ctx context.Context) {
	n.open.closeGone(func(peer peerAddress) bool { return n.known.isGone(ctx, peer) })
}

func (n *Node) tellJoined(self *tailcfg.Node) error {
	if err := os.WriteFile(filepath.Join(n.settings.StateFolder, identityMark), nil, 0o600); err != nil {
		return err
	}
	joined := protocol.Joined{NodeID: string(self.StableID)}
	for _, prefix := range self.Addresses {
		joined.Addresses = append(joined.Addresses, prefix.Addr().String())
	}
	if !self.KeyExpiry.IsZero() {
		joined.KeyExpiry = self.KeyExpiry.UTC().Format(time.RFC3339)
	}
	n.events.Joined(joined)
	return nil
}
