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

const (
	controlCheckInterval = time.Second
	// loginLostAfter: a control server that answers anyone, but not this node, has forgotten it.
	loginLostAfter = 15 * time.Second
)

// watch follows tsnet's own news and turns it into events and failures.
func (n *Node) watch(ctx context.Context) {
	watcher, err := n.client.WatchIPNBus(ctx, ipn.NotifyInitialState|ipn.NotifyPeerChanges)
	if err != nil {
		n.fail(nodeFailed("tsnet tells nothing", err))
		return
	}
	defer watcher.Close()
	tooLate := time.AfterFunc(joinTimeout, func() {
		n.fail(protocol.Failure{Code: protocol.JoinTimedOut, Message: "the control server answers, but did not let this node in"})
	})
	defer tooLate.Stop()
	login := &login{node: n, keyGiven: n.server.AuthKey != ""}
	joined := false
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
			switch *news.State {
			case ipn.NeedsLogin:
				go login.needed(ctx)
			case ipn.NeedsMachineAuth:
				n.fail(protocol.Failure{Code: protocol.ApprovalNeeded, Message: "this node waits for approval at the control server"})
				return
			case ipn.Running:
				tooLate.Stop()
				login.succeeded()
				if err := n.tellJoined(ctx); err != nil {
					n.fail(nodeFailed("tsnet tells no status", err))
					return
				}
				if !joined {
					go n.watchControl(ctx)
				}
				joined = true
			}
		}
		if news.BrowseToURL != nil && *news.BrowseToURL != "" {
			go login.wantsPerson(ctx)
		}
		if len(news.PeersChanged) > 0 || len(news.PeersRemoved) > 0 {
			n.known.changed(ctx, news.PeersChanged)
			for _, node := range news.PeersChanged {
				n.open.closeEarlier(node)
			}
			go n.open.closeUnless(func(peer peerAddress) bool { return n.known.isPeer(ctx, peer) })
		}
	}
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
	n.events.Joined(joined)
	return nil
}

// watchControl tells when the control server is lost and found. Peers stay reachable meanwhile.
func (n *Node) watchControl(ctx context.Context) {
	health := n.server.Sys().HealthTracker.Get()
	ticker := time.NewTicker(controlCheckInterval)
	defer ticker.Stop()
	reachable := true
	missed := 0
	var answeredSince time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if health.GetInPollNetMap() {
			missed = 0
			answeredSince = time.Time{}
			if !reachable {
				reachable = true
				n.events.Control(true)
			}
			continue
		}
		// One miss is a poll that begins anew.
		if missed++; missed < 2 {
			continue
		}
		if probeControl(ctx, n.settings.ControlURL) != nil {
			answeredSince = time.Time{}
			if reachable && ctx.Err() == nil {
				reachable = false
				n.events.Control(false)
			}
			continue
		}
		if answeredSince.IsZero() {
			answeredSince = time.Now()
		}
		if time.Since(answeredSince) > loginLostAfter {
			n.fail(protocol.Failure{Code: protocol.LoginLost, Message: "the control server no longer knows this node"})
			return
		}
	}
}
