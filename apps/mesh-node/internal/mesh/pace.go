package mesh

import "time"

const (
	paceGrowth = 1.25
	// paceJitter is how far a wait may differ from its mean, so that nodes that start together do not ask together.
	paceJitter = 0.25
)

// pace spaces questions to the control server: short waits at first, and longer ones while the answer stays the same.
type pace struct {
	shortest time.Duration
	longest  time.Duration
	// random is at least 0 and below 1.
	random func() float64
	middle time.Duration
}

// next is how long to wait until the next question.
func (p *pace) next() time.Duration {
	p.middle = min(max(p.middle, p.shortest), p.longest)
	wait := float64(p.middle) * (1 + paceJitter*(2*p.random()-1))
	p.middle = time.Duration(float64(p.middle) * paceGrowth)
	return time.Duration(wait)
}

func (p *pace) restart() { p.middle = 0 }
