package main

import "time"

// measurement is what the API measured while the person filled in the session.
type measurement struct {
	Label, Value string
	IsAbsent     bool
}

// The API documents neither unit nor range of the numbers, unless the name states it.
var signals = []struct {
	name, label string
	show        func(value) string
}{
	{"threat_level", "Threat level", func(v value) string { return sentence(v.Text()) }},
	{"bot_score", "Bot score", plainNumber},
	{"completion_time_seconds", "Time to complete", seconds},
	{"devtools_open", "Developer tools open", yesOrNo},
	{"debugger_attached", "Debugger attached", yesOrNo},
	{"request_spoof_attempts", "Attempts to spoof requests", plainNumber},
	{"user_agent_spoof_attempts", "Attempts to spoof the user agent", plainNumber},
	{"distraction_events", "Distractions", plainNumber},
	{"shortcut_copies", "Copies by keyboard shortcut", plainNumber},
	{"shortcut_pastes", "Pastes by keyboard shortcut", plainNumber},
	{"autofill_starts", "Autofills started", plainNumber},
	{"autofill_cancels", "Autofills cancelled", plainNumber},
	{"hesitation_count", "Hesitations", plainNumber},
	{"hesitation_percentage", "Share of hesitation", func(v value) string { return plainNumber(v) + " %" }},
	{"hesitation_time", "Time of hesitation", plainNumber},
	{"hesitation_baseline", "Baseline of hesitation", plainNumber},
}

const signalPrefix = "behavior_analysis_"

func signalColumns() (columns []string) {
	for _, s := range signals {
		columns = append(columns, signalPrefix+s.name)
	}
	return columns
}

// signalsOf are the signals with words for what is not there. Not measured is not 0.
func signalsOf(session row, p privacy) (all []measurement) {
	for _, s := range signals {
		v := session[signalPrefix+s.name]
		next := measurement{Label: s.label, Value: "Not measured", IsAbsent: true}
		switch word := p.Word(signalPrefix + s.name); {
		case word != "":
			next.Value = word
		case !v.IsNull():
			next.Value, next.IsAbsent = s.show(v), false
		}
		all = append(all, next)
	}
	return all
}

func plainNumber(v value) string {
	n, ok := v.number()
	if !ok {
		return "Cannot be read"
	}
	return decimal(n)
}

func seconds(v value) string {
	n, ok := v.number()
	if !ok || n < 0 || n > 1e9 {
		return "Cannot be read"
	}
	return lasting(time.Duration(n * float64(time.Second)))
}

func yesOrNo(v value) string {
	switch is, ok := v.flag(); {
	case !ok:
		return "Cannot be read"
	case is:
		return "Yes"
	default:
		return "No"
	}
}
