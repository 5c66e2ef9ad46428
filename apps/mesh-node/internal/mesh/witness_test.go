package mesh

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// A peer that answered and falls silent is a reason to ask; one that never answered is not.
func TestAWitnessThatFallsSilentIsNoticed(t *testing.T) {
	a, b := netip.MustParseAddr("100.64.0.1"), netip.MustParseAddr("100.64.0.2")
	for name, test := range map[string]struct {
		// until is how long each peer answers, in seconds.
		until map[netip.Addr]int
		// silentAt are the seconds at which silence is noticed.
		silentAt []int
	}{
		"all answer":                          {map[netip.Addr]int{a: 99, b: 99}, nil},
		"nobody ever answers":                 {map[netip.Addr]int{a: -1, b: -1}, nil},
		"there is nobody":                     {nil, nil},
		"all fall silent at once":             {map[netip.Addr]int{a: 10, b: 10}, []int{12}},
		"one falls silent, the other goes on": {map[netip.Addr]int{a: 10, b: 99}, []int{12}},
		"first one and then the other":        {map[netip.Addr]int{a: 10, b: 20}, []int{12, 22}},
		"the first never answered":            {map[netip.Addr]int{a: -1, b: 20}, []int{22}},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Unix(1_000_000, 0)
			second := 0
			witness := &witness{
				ping: func(peer netip.Addr, answered func()) {
					if second <= test.until[peer] {
						answered()
					}
				},
				choose: func(other netip.Addr) (netip.Addr, bool) {
					for _, peer := range []netip.Addr{a, b} {
						if _, isThere := test.until[peer]; isThere && peer != other {
							return peer, true
						}
					}
					return netip.Addr{}, false
				},
			}
			var silentAt []int
			for second = 0; second < 60; second++ {
				if witness.hasFallenSilent(begun.Add(time.Duration(second) * time.Second)) {
					silentAt = append(silentAt, second)
				}
			}
			if !slices.Equal(silentAt, test.silentAt) {
				t.Errorf("noticed at %v, not %v", silentAt, test.silentAt)
			}
		})
	}
}
