package mesh

import "time"

// askTimes decides when a node asks the control server: at once when it loses the poll or gets it back, and less and
// less often while nothing changes.
type askTimes struct {
	// member is for a node whose poll is open, out for one whose poll is not.
	member pace
	out    pace
	// doubts is for a node that has reason to doubt its membership; doubtWait counts from its last question.
	doubts    pace
	doubtWait time.Duration
	// isDoubtful is true when there was a doubt since the last question.
	isDoubtful bool
	isOut      bool
	last       time.Time
	nextAt     time.Time
}

func newAskTimes(random func() float64) askTimes {
	return askTimes{
		member: pace{shortest: shortestAskInterval, longest: longestAskInterval, random: random},
		out:    pace{shortest: shortestOutInterval, longest: longestOutInterval, random: random},
		doubts: pace{shortest: shortestDoubtInterval, longest: longestDoubtInterval, random: random},
	}
}

// isTime is true when the node has to ask now; the next wait begins then.
func (a *askTimes) isTime(now time.Time, isOutOfPoll, isUnanswered, isDoubtful bool) bool {
	isOut := isOutOfPoll || isUnanswered
	switch {
	case isOut != a.isOut:
		a.isOut = isOut
		a.member.restart()
		a.out.restart()
		a.nextAt = now
	case isDoubtful && !isOut:
		a.isDoubtful = true
		a.nextAt = earlier(a.nextAt, later(now, a.last.Add(a.doubtWait)))
	}
	if now.Before(a.nextAt) {
		return false
	}
	a.last = now
	if !a.isDoubtful {
		a.doubts.restart()
	}
	a.isDoubtful = false
	a.doubtWait = a.doubts.next()
	if isOut {
		a.nextAt = now.Add(a.out.next())
	} else {
		a.nextAt = now.Add(a.member.next())
	}
	return true
}

func (a *askTimes) notBefore(at time.Time) { a.nextAt = later(a.nextAt, at) }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
