package mesh

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"globalstacks/mesh-node/internal/relay"
)

const (
	// maxInbound and maxInboundFromPeer limit the connections that peers may have open to this node. A peer needs one for
	// each session, of which an agent accepts at most 64 from it; the others are still in the handshake.
	maxInbound         = 4096
	maxInboundFromPeer = 128
	// endsWithin is how long one direction of a connection may continue after the other has ended. Sessions do not use
	// half-close, so this is only for bytes in flight.
	endsWithin = 8 * time.Second
)

// serveInbound passes every connection from a peer to the inbound socket. There the peer's certificate identifies it:
// an address in the mesh proves nothing.
func (n *Node) serveInbound(ctx context.Context, listener net.Listener) {
	for {
		connection, err := n.accept(ctx, listener)
		if err != nil {
			if ctx.Err() == nil {
				n.fail(nodeFailed("no longer listens in the mesh", err))
			}
			return
		}
		from, err := netip.ParseAddrPort(connection.RemoteAddr().String())
		if err != nil {
			_ = connection.Close()
			continue
		}
		if !n.inbound.take(from.Addr()) {
			n.connectionEnded()
			n.refused.add(fmt.Sprintf("the last from %s", from.Addr()))
			_ = connection.Close()
			continue
		}
		go func() {
			defer n.connectionEnded()
			defer n.inbound.give(from.Addr())
			n.handOn(ctx, connection, from.Addr())
		}()
	}
}

func (n *Node) handOn(ctx context.Context, peer net.Conn, from netip.Addr) {
	defer peer.Close()
	node, err := n.known.peer(ctx, from)
	if err != nil {
		n.dropped.add(err.Error())
		return
	}
	forget := n.open.add(from, node.DiscoKey, peer)
	defer forget()
	local, err := net.Dial("unix", n.settings.InboundSocket)
	if err != nil {
		n.dropped.add(err.Error())
		return
	}
	relay.Between(local, peer, endsWithin)
}
