package mesh

import (
	"context"
	"net"
	"net/netip"

	"globalstacks/mesh-node/internal/relay"
)

// serveInbound hands every connection from a peer to the inbound socket. Who the peer is, its certificate says
// there: an address in the mesh proves nothing.
func (n *Node) serveInbound(ctx context.Context, listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			if ctx.Err() == nil {
				n.fail(nodeFailed("no longer listens in the mesh", err))
			}
			return
		}
		go n.handOn(ctx, connection)
	}
}

func (n *Node) handOn(ctx context.Context, peer net.Conn) {
	from, err := netip.ParseAddrPort(peer.RemoteAddr().String())
	if err != nil {
		_ = peer.Close()
		return
	}
	node, ok := n.known.peer(ctx, from.Addr())
	if !ok {
		_ = peer.Close()
		return
	}
	forget := n.open.add(from.Addr(), node.DiscoKey, peer)
	defer forget()
	local, err := net.Dial("unix", n.settings.InboundSocket)
	if err != nil {
		_ = peer.Close()
		return
	}
	relay.Between(local, peer)
}
