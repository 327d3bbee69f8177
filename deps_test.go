package beltic_test

import (
	_ "github.com/jarcoal/httpmock"
	_ "github.com/stretchr/testify/require"
)
