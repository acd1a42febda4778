package direct

// MaxFresh is how many connections may have asked nothing yet.
const MaxFresh = maxFresh
