package mesh

import (
	"math/rand/v2"
	"testing"
	"time"
)

const tick = controlCheckInterval

// span is a time and what the node's checks see in it.
type span struct {
	lasts                        time.Duration
	outOfPoll, unanswered, doubt bool
}

// asked are the times of the questions, counted from the first check.
func asked(random func() float64, spans ...span) []time.Duration {
	begun := time.Unix(1_000_000, 0)
	times := newAskTimes(random)
	var questions []time.Duration
	now := begun
	for _, each := range spans {
		for until := now.Add(each.lasts); now.Before(until); now = now.Add(tick) {
			if times.isTime(now, each.outOfPoll, each.unanswered, each.doubt) {
				questions = append(questions, now.Sub(begun))
			}
		}
	}
	return questions
}

func middle() float64 { return 0.5 }

func between(questions []time.Duration, from, to time.Duration) (count int) {
	for _, at := range questions {
		if at >= from && at < to {
			count++
		}
	}
	return count
}

func TestQuestionsBecomeRarerAndComeAtOnceWhenSomethingChanges(t *testing.T) {
	const settled = 10 * time.Minute
	for name, test := range map[string]struct {
		spans    []span
		from, to time.Duration
		least    int
		most     int
	}{
		"soon after the start a node asks as often as it ever does": {
			[]span{{lasts: settled}}, 0, 5 * time.Second, 3, 3,
		},
		"a member of long standing asks each 20 seconds": {
			[]span{{lasts: settled}}, 5 * time.Minute, settled, 15, 15,
		},
		"one that falls out of the poll asks at once": {
			[]span{{lasts: settled}, {lasts: time.Second, outOfPoll: true}}, settled, settled + tick, 1, 1,
		},
		"one whose question was not answered asks again at once": {
			[]span{{lasts: settled}, {lasts: time.Second, unanswered: true}}, settled, settled + tick, 1, 1,
		},
		"without the control server it asks ever more rarely": {
			[]span{{lasts: settled, outOfPoll: true}}, 5 * time.Minute, settled, 30, 30,
		},
		"and at once when it is back in the poll": {
			[]span{{lasts: settled, outOfPoll: true, unanswered: true}, {lasts: time.Second, unanswered: true}, {lasts: time.Second}},
			settled + time.Second, settled + time.Second + tick, 1, 1,
		},
		"a doubt is followed by a question soon": {
			[]span{{lasts: settled}, {lasts: tick, doubt: true}, {lasts: 2 * time.Second}}, settled, settled + 2*time.Second + tick, 1, 1,
		},
		"and doubts without end by no more than one each 20 seconds": {
			[]span{{lasts: settled, doubt: true}}, 5 * time.Minute, settled, 15, 15,
		},
		"a doubt after a quiet time is followed by a question within two seconds of the last": {
			[]span{{lasts: settled, doubt: true}, {lasts: time.Minute}, {lasts: 4 * time.Second, doubt: true}},
			settled + time.Minute, settled + time.Minute + 4*time.Second, 2, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			questions := asked(middle, test.spans...)
			if count := between(questions, test.from, test.to); count < test.least || count > test.most {
				t.Errorf("%d questions, not %d to %d, from %s to %s: %v", count, test.least, test.most, test.from, test.to, questions)
			}
		})
	}
}

func TestAPoliteNodeWaitsLonger(t *testing.T) {
	times := newAskTimes(middle)
	now := time.Unix(1_000_000, 0)
	if !times.isTime(now, false, false, false) {
		t.Fatal("the first question is not asked")
	}
	times.notBefore(now.Add(politeInterval))
	if times.isTime(now.Add(politeInterval-tick), false, false, false) || !times.isTime(now.Add(politeInterval), false, false, false) {
		t.Error("asks at another time")
	}
}

// A thousand nodes that start in the same second must not ask in step later, nor more than 60 times a second in all.
func TestAThousandNodesSpreadTheirQuestions(t *testing.T) {
	const nodes, lasts = 1000, 10 * time.Minute
	for name, state := range map[string]span{
		"with the control server":    {lasts: lasts},
		"without the control server": {lasts: lasts, outOfPoll: true, unanswered: true},
	} {
		t.Run(name, func(t *testing.T) {
			source := rand.New(rand.NewPCG(1, 2))
			perSecond := make([]int, lasts/time.Second)
			for range nodes {
				for _, at := range asked(source.Float64, state) {
					perSecond[at/time.Second]++
				}
			}
			const settledAfter = 120
			total, highest := 0, 0
			for _, count := range perSecond[settledAfter:] {
				total += count
				highest = max(highest, count)
			}
			average := total / len(perSecond[settledAfter:])
			t.Logf("%d questions a second, at most %d", average, highest)
			longest := longestAskInterval
			if state.outOfPoll {
				longest = longestOutInterval
			}
			if wanted := nodes / int(longest/time.Second); average > wanted*11/10 || highest > 2*wanted {
				t.Errorf("%d questions a second, at most %d, where %d are wanted", average, highest, wanted)
			}
		})
	}
}
