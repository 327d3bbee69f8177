package beltictest

import "fmt"

// LostAnswer does what was asked and loses the answer. Make one with [LoseAnswer]; [Server.Inject]
// refuses the zero value.
type LostAnswer struct{ by Fault }

// LoseAnswer does what the request asks for, and then closes the connection before it responds, or
// loses the response by another fault ([LostAnswer.By]). So a client cannot know that its write was
// done, while [Server.Writes] does. It waits for a request that is not refused, a GET included.
//
//	srv.Inject(beltictest.Next().On("POST"), beltictest.LoseAnswer())
func LoseAnswer() LostAnswer { return LostAnswer{Hangup()} }

// By loses the answer by another fault, such as [Truncate] (half of the body), [Reset], [Stall] (it
// comes later than the client waits for it), or the page of a gateway:
//
//	beltictest.LoseAnswer().By(beltictest.Status(502).Body(beltictest.BodyHTML))
//
// The fault must be one that ends the response or replaces it, or By panics.
func (f LostAnswer) By(fault Fault) LostAnswer {
	if fault == nil || fault.effect().apply == nil || fault.effect().layer > ofContent {
		panic(fmt.Sprintf("beltictest: By(%v): must be a fault that ends the response or replaces it, such as Truncate or Status", fault))
	}
	f.by = fault
	return f
}

// String names the fault.
func (f LostAnswer) String() string { return fmt.Sprintf("LoseAnswer.By(%v)", f.by) }

func (f LostAnswer) effect() effect {
	if f.by == nil {
		return effect{}
	}
	by := f.by.effect()
	return effect{by.layer, func(r *response) bool { return r.isFree(by.layer) && r.finish() && by.apply(r) }}
}
