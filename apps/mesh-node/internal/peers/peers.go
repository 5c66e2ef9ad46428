// Package peers knows which addresses are those of peers.
package peers

import (
	"net/netip"

	"tailscale.com/tailcfg"
)

// IsAddressOf is true if the address is the node's own. An address that the node only routes for is not: a host behind
// a subnet router is no peer.
func IsAddressOf(node *tailcfg.Node, address netip.Addr) bool {
	for _, prefix := range node.Addresses {
		if prefix.IsSingleIP() && prefix.Addr() == address {
			return true
		}
	}
	return false
}
