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
	// sessionAnswer plus four times the path's latency is the first wait for an answer through WireGuard; each further
	// wait is twice as long. An answer takes a millisecond, or five seconds: if two nodes begin a handshake with each
	// other at the same moment, neither accepts the other's answer, and WireGuard retries after its REKEY-TIMEOUT
	// (WireGuard white paper, section 6.1).
	sessionAnswer = 100 * time.Millisecond
	// sessionAttempts is the number of attempts after which the connection itself shows whether the peer can be reached.
	sessionAttempts = 4
)

// sessions checks that a peer accepts packets before a connection to it is opened.
type sessions struct {
	client *local.Client
	// own is this node's address of the other's family.
	own func(like netip.Addr) netip.Addr
	// forget drops the WireGuard session with a peer, so that the next packet begins a handshake at once.
	forget func(key.NodePublic)
	// inUse is true while connections with the peer are open, which show that the session works.
	inUse func(peerAddress) bool

	mutex sync.Mutex
	// awaited has a channel for each address, closed when the check of its session ends. Only one check runs at a time,
	// since each would drop the handshake of another.
	awaited map[netip.Addr]chan struct{}
}

// await returns when the peer has answered through its session, or when all attempts are used up.
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
		patience *= 3 // so that both ends do not start again at the same moment
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
