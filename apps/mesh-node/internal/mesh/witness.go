package mesh

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"tailscale.com/ipn/ipnstate"
	"tailscale.com/tailcfg"
)

const (
	// witnessInterval is the time between two pings, and for an answer. A ping is one small packet to a peer.
	witnessInterval = time.Second
	// witnessAttempts applies to a peer that has not answered yet: a path to it has to be found first.
	witnessAttempts = 5
	// witnessPause is the wait before peers are searched again if none could be used.
	witnessPause = 5 * time.Second
)

// witness is a peer that answers this node's pings. Peers stop answering once the control server has deleted the node,
// so the node needs to ask the control server only when its witness falls silent.
type witness struct {
	ping func(peer netip.Addr, answered func())
	// choose finds a peer other than the given one.
	choose func(other netip.Addr) (netip.Addr, bool)

	peer     netip.Addr
	nextAt   time.Time
	attempts int
	// isProven is true once this peer has answered.
	isProven bool
	mutex    sync.Mutex
	// heard is the peer that answered last: a late answer may come from an earlier witness.
	heard netip.Addr
}

// hasFallenSilent is true if a peer that answered before no longer does. Then another witness is chosen.
func (w *witness) hasFallenSilent(now time.Time) bool {
	if now.Before(w.nextAt) {
		return false
	}
	w.nextAt = now.Add(witnessInterval)
	isSilent := false
	if w.peer.IsValid() {
		switch {
		case w.takeAnswer():
			w.isProven = true
		case w.isProven:
			isSilent = true
			w.change(now)
		default:
			if w.attempts++; w.attempts >= witnessAttempts {
				w.change(now)
			}
		}
	} else {
		w.change(now)
	}
	if w.peer.IsValid() {
		w.ask()
	}
	return isSilent
}

func (w *witness) change(now time.Time) {
	w.attempts, w.isProven = 0, false
	next, found := w.choose(w.peer)
	w.peer = next
	if !found {
		w.peer = netip.Addr{}
		w.nextAt = now.Add(witnessPause)
	}
}

func (w *witness) ask() {
	asked := w.peer
	w.ping(asked, func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.heard = asked
	})
}

func (w *witness) takeAnswer() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	isHeard := w.heard == w.peer
	w.heard = netip.Addr{}
	return isHeard
}

func (n *Node) newWitness(ctx context.Context) *witness {
	engine := n.server.Sys().Engine.Get()
	return &witness{
		ping: func(peer netip.Addr, answered func()) {
			engine.Ping(peer, tailcfg.PingDisco, 0, func(answer *ipnstate.PingResult) {
				if answer.Err == "" {
					answered()
				}
			})
		},
		choose: func(other netip.Addr) (netip.Addr, bool) { return n.somePeer(ctx, other) },
	}
}

// somePeer is a peer with open connections, otherwise any peer that is online.
func (n *Node) somePeer(ctx context.Context, other netip.Addr) (netip.Addr, bool) {
	candidates := n.open.peers()
	if len(candidates) == 0 || (len(candidates) == 1 && candidates[0] == other) {
		status, err := n.client.Status(ctx)
		if err != nil {
			return netip.Addr{}, false
		}
		candidates = nil
		for _, peer := range status.Peer {
			if peer.Online && len(peer.TailscaleIPs) > 0 {
				candidates = append(candidates, peer.TailscaleIPs[0])
			}
		}
	}
	rand.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	for _, candidate := range candidates {
		if candidate != other || len(candidates) == 1 {
			return candidate, true
		}
	}
	return netip.Addr{}, false
}
