package mesh

import (
	"net/netip"
	"testing"
)

func TestPlacesOfPeers(t *testing.T) {
	a, b, c := netip.MustParseAddr("100.64.0.1"), netip.MustParseAddr("100.64.0.2"), netip.MustParseAddr("100.64.0.3")
	places := newInboundPlaces(5, 3)
	for step, test := range []struct {
		peer  netip.Addr
		gives bool
		taken bool
	}{
		{peer: a, taken: true}, {peer: a, taken: true}, {peer: a, taken: true},
		{peer: a, taken: false}, // the limit of one peer
		{peer: b, taken: true}, {peer: b, taken: true},
		{peer: c, taken: false}, // the limit of all peers
		{peer: a, gives: true},
		{peer: c, taken: true},
		{peer: a, taken: false},
	} {
		if test.gives {
			places.give(test.peer)
		} else if taken := places.take(test.peer); taken != test.taken {
			t.Errorf("step %d: %t for %s", step, taken, test.peer)
		}
	}
	for _, peer := range []netip.Addr{a, a, b, b, c} {
		places.give(peer)
	}
	if places.taken != 0 || len(places.byPeer) != 0 {
		t.Errorf("%d places and %v are left", places.taken, places.byPeer)
	}
}
