package mesh

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"

	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

type peerAddress = netip.Addr

// openConnections are the connections with peers. They are closed when the peer leaves the mesh, because WireGuard then
// falls silent and tells neither end.
type openConnections struct {
	mutex  sync.Mutex
	byPeer map[peerAddress]map[net.Conn]key.DiscoPublic
	closed bool
}

func newOpenConnections() *openConnections {
	return &openConnections{byPeer: map[peerAddress]map[net.Conn]key.DiscoPublic{}}
}

// add keeps the connection until forget is called; a connection that is added after closeAll is closed at once. The
// disco key changes with each start of a peer.
func (o *openConnections) add(peer peerAddress, disco key.DiscoPublic, connection net.Conn) (forget func()) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.closed {
		_ = connection.Close()
		return func() {}
	}
	if o.byPeer[peer] == nil {
		o.byPeer[peer] = map[net.Conn]key.DiscoPublic{}
	}
	o.byPeer[peer][connection] = disco
	return func() {
		o.mutex.Lock()
		defer o.mutex.Unlock()
		delete(o.byPeer[peer], connection)
		if len(o.byPeer[peer]) == 0 {
			delete(o.byPeer, peer)
		}
	}
}

// with is true if connections with the peer are open.
func (o *openConnections) with(peer peerAddress) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return len(o.byPeer[peer]) > 0
}

// peers are the addresses with open connections.
func (o *openConnections) peers() []peerAddress {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.Collect(maps.Keys(o.byPeer))
}

// closeGone closes the connections with every address that no longer belongs to a peer.
func (o *openConnections) closeGone(isGone func(peerAddress) bool) {
	o.mutex.Lock()
	addresses := make([]peerAddress, 0, len(o.byPeer))
	for address := range o.byPeer {
		addresses = append(addresses, address)
	}
	o.mutex.Unlock()
	for _, address := range addresses {
		if isGone(address) {
			o.closePeer(address)
		}
	}
}

// closeEarlier closes the connections with an earlier start of the node, which no longer knows them.
func (o *openConnections) closeEarlier(node *tailcfg.Node) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, prefix := range node.Addresses {
		for connection, disco := range o.byPeer[prefix.Addr()] {
			if disco != node.DiscoKey {
				_ = connection.Close()
			}
		}
	}
}

func (o *openConnections) closePeer(peer peerAddress) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for connection := range o.byPeer[peer] {
		_ = connection.Close()
	}
}

// closeAll closes all of them now, and every later one when it is added.
func (o *openConnections) closeAll() {
	o.mutex.Lock()
	o.closed = true
	o.mutex.Unlock()
	o.closeOpen()
}

func (o *openConnections) closeOpen() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, connections := range o.byPeer {
		for connection := range connections {
			_ = connection.Close()
		}
	}
}
