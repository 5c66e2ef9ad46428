// Package peers knows which addresses are those of peers.
package peers

import (
	"net/netip"

	"tailscale.com/tailcfg"
)

// IsAddressOf tells whether the address is the node's own. One that the node merely routes for is not: whatever
// stands behind a subnet router is no peer.
func IsAddressOf(node *tailcfg.Node, address netip.Addr) bool {
	for _, prefix := range node.Addresses {
		if prefix.IsSingleIP() && prefix.Addr() == address {
			return true
		}
	}
	return false
}
