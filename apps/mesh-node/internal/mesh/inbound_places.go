package mesh

import (
	"net/netip"
	"sync"
)

// inboundPlaces limits the connections that peers have open to this node, so that one peer cannot use up the places of
// the others.
type inboundPlaces struct {
	most         int
	mostFromPeer int
	mutex        sync.Mutex
	taken        int
	byPeer       map[netip.Addr]int
}

func newInboundPlaces(most, mostFromPeer int) *inboundPlaces {
	return &inboundPlaces{most: most, mostFromPeer: mostFromPeer, byPeer: map[netip.Addr]int{}}
}

// take is false if the limit is reached; otherwise give must be called later.
func (p *inboundPlaces) take(peer netip.Addr) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.taken >= p.most || p.byPeer[peer] >= p.mostFromPeer {
		return false
	}
	p.taken++
	p.byPeer[peer]++
	return true
}

func (p *inboundPlaces) give(peer netip.Addr) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.taken--
	p.byPeer[peer]--
	if p.byPeer[peer] == 0 {
		delete(p.byPeer, peer)
	}
}
