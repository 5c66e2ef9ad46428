package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"globalstacks/mesh-node/internal/peers"
	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/client/local"
	"tailscale.com/ipn/ipnstate"
	"tailscale.com/tailcfg"
	"tailscale.com/wgengine"
)

const (
	pingInterval = 250 * time.Millisecond
	warmTimeout  = 5 * time.Second
)

// knownPeers tells whether an address belongs to a peer, and finds paths to peers before they are dialled: a first
// packet without a path waits five seconds for WireGuard's retry.
type knownPeers struct {
	client   *local.Client
	engine   wgengine.Engine
	sessions *sessions
	mutex    sync.Mutex
	named    map[netip.Addr]bool
	// pinging holds the addresses with a ping in progress.
	pinging map[netip.Addr]bool
}

func newKnownPeers(client *local.Client, engine wgengine.Engine, sessions *sessions) *knownPeers {
	return &knownPeers{client: client, engine: engine, sessions: sessions, named: map[netip.Addr]bool{}, pinging: map[netip.Addr]bool{}}
}

// errNotAPeer: tsnet has no peer with that address. Any other error of a look-up says nothing about the peer.
var errNotAPeer = errors.New("not the address of a peer in the mesh")

// peer asks tsnet each time, because tsnet does not always report removed peers.
func (k *knownPeers) peer(ctx context.Context, address netip.Addr) (*tailcfg.Node, error) {
	found, err := k.client.WhoIs(ctx, address.String())
	switch {
	case errors.Is(err, local.ErrPeerNotFound):
		return nil, errNotAPeer
	case err != nil:
		return nil, fmt.Errorf("tsnet does not say whether %s is a peer: %w", address, err)
	case found.Node == nil || found.Node.Expired || !peers.IsAddressOf(found.Node, address):
		return nil, errNotAPeer
	}
	return found.Node, nil
}

// isGone is false if tsnet does not know.
func (k *knownPeers) isGone(ctx context.Context, address netip.Addr) bool {
	_, err := k.peer(ctx, address)
	return errors.Is(err, errNotAPeer)
}

// keepWarm pings peers when a command names them.
func (k *knownPeers) keepWarm(ctx context.Context, warm <-chan protocol.Warm) {
	for {
		select {
		case <-ctx.Done():
			return
		case command := <-warm:
			named := map[netip.Addr]bool{}
			for _, address := range command.Peers {
				named[address] = true
			}
			k.mutex.Lock()
			before := k.named
			k.named = named
			k.mutex.Unlock()
			for address := range named {
				if !before[address] {
					k.warm(ctx, address)
				}
			}
		}
	}
}

// changed pings the named ones among peers that are new or have moved.
func (k *knownPeers) changed(ctx context.Context, nodes []*tailcfg.Node) {
	for _, node := range nodes {
		for _, prefix := range node.Addresses {
			k.mutex.Lock()
			named := k.named[prefix.Addr()]
			k.mutex.Unlock()
			if named {
				k.warm(ctx, prefix.Addr())
			}
		}
	}
}

func (k *knownPeers) warm(ctx context.Context, address netip.Addr) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.pinging[address] {
		return
	}
	k.pinging[address] = true
	go func() {
		defer func() {
			k.mutex.Lock()
			defer k.mutex.Unlock()
			delete(k.pinging, address)
		}()
		bounded, cancel := context.WithTimeout(ctx, warmTimeout)
		defer cancel()
		if node, err := k.peer(ctx, address); err == nil {
			if latency, err := k.awaitPath(bounded, address); err == nil {
				k.sessions.await(bounded, node, address, latency)
			}
		}
	}()
}

// awaitPath returns once the peer has answered a ping, with the time the answer took. An answer to an earlier ping
// counts too: on a slow path each arrives after the next ping was sent.
func (k *knownPeers) awaitPath(ctx context.Context, address netip.Addr) (time.Duration, error) {
	answers := make(chan time.Duration, 1)
	ping := func() {
		k.engine.Ping(address, tailcfg.PingDisco, 0, func(answer *ipnstate.PingResult) {
			if answer.Err != "" {
				return
			}
			select {
			case answers <- time.Duration(answer.LatencySeconds * float64(time.Second)):
			default: // one is enough
			}
		})
	}
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for ping(); ; ping() {
		select {
		case latency := <-answers:
			return latency, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ticker.C:
		}
	}
}
