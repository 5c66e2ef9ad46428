package mesh

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A frequent event is reported once, and then its count each minute until it stops.
func TestOccurrencesAreCountedEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type line struct {
			at    time.Duration
			count int
			last  string
		}
		begun := time.Now()
		var told []line
		counted := &occurrences{interval: time.Minute, tell: func(count int, last string) {
			told = append(told, line{time.Since(begun), count, last})
		}}
		counted.add("first")
		for range 800 {
			counted.add("one of many")
		}
		time.Sleep(90 * time.Second)
		counted.add("later")
		time.Sleep(10 * time.Minute)
		counted.add("much later")
		time.Sleep(10 * time.Minute)
		wanted := []line{
			{0, 1, "first"}, {time.Minute, 800, "one of many"}, {2 * time.Minute, 1, "later"},
			{11*time.Minute + 30*time.Second, 1, "much later"},
		}
		if !slices.Equal(told, wanted) {
			t.Errorf("told %v, not %v", told, wanted)
		}
	})
}
