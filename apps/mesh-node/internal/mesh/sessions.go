package mesh

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"tailscale.com/client/local"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

const (
	// sessionAnswer and four times the path's latency is how long an answer through WireGuard is waited for at first,
	// and twice as long each time after. It takes a millisecond, or five seconds: of two nodes that begin a handshake
	// with each other at the same moment neither takes the other's answer, and WireGuard tries again after its
	// REKEY-TIMEOUT (WireGuard white paper, section 6.1).
	sessionAnswer = 100 * time.Millisecond
	// sessionAttempts: after that the connection itself shows whether the peer can be reached.
	sessionAttempts = 4
)

// sessions makes sure that packets to a peer are taken by it before a connection is opened.
type sessions struct {
	client *local.Client
	// own is this node's address of the other's family.
	own func(like netip.Addr) netip.Addr
	// forget drops the WireGuard session with a peer, so that the next packet begins a handshake at once.
	forget func(key.NodePublic)
	// inUse is true while connections with the peer are open: those prove their session themselves.
	inUse func(peerAddress) bool

	mutex sync.Mutex
	// awaited holds what ends when the session with an address has been made sure of: one attempt at a time, since each
	// would drop what the other has begun.
	awaited map[netip.Addr]chan struct{}
}

// await returns when the peer has answered through its session, or when nothing more can be done for that.
func (s *sessions) await(ctx context.Context, node *tailcfg.Node, address netip.Addr, latency time.Duration) {
	s.mutex.Lock()
	other := s.awaited[address]
	if other != nil {
		s.mutex.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
		}
		return
	}
	done := make(chan struct{})
	s.awaited[address] = done
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		delete(s.awaited, address)
		close(done)
	}()
	s.begin(ctx, node, address, latency)
}

func (s *sessions) begin(ctx context.Context, node *tailcfg.Node, address netip.Addr, latency time.Duration) {
	patience := sessionAnswer + 4*latency
	if s.own(address).Less(address) {
		patience *= 3 // so that the two do not begin anew at the same moment too
	}
	for range sessionAttempts {
		if s.inUse(address) || s.answers(ctx, address, patience) || ctx.Err() != nil {
			return
		}
		s.forget(node.Key)
		patience *= 2
	}
}

func (s *sessions) answers(ctx context.Context, address netip.Addr, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := s.client.Ping(ctx, address, tailcfg.PingTSMP)
	return err == nil && answer.Err == ""
}
