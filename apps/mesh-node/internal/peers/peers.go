// Package peers tells which addresses belong to peers.
package peers

import (
	"net/netip"

	"tailscale.com/tailcfg"
)

// IsAddressOf is true if the address is the node's own. An address that the node only routes for does not count: a host
// behind a subnet router is not a peer.
func IsAddressOf(node *tailcfg.Node, address netip.Addr) bool {
	for _, prefix := range node.Addresses {
		if prefix.IsSingleIP() && prefix.Addr() == address {
			return true
		}
	}
	return false
}
