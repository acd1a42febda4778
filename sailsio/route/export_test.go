package route

// NewTokenFor makes a CSRF token with a given salt.
func NewTokenFor(secret, salt string) string { return tokenFor(secret, salt) }

// VerifyToken reports whether token was made from secret.
func VerifyToken(secret, token string) bool { return verifyToken(secret, token) }

// SailsOrder returns addresses in the order in which Sails tries them.
func SailsOrder(list []string) ([]string, error) {
	addresses := make([]address, len(list))
	for i, s := range list {
		a, err := parseAddress(s)
		if err != nil {
			return nil, err
		}
		addresses[i] = a
	}
	var sorted []string
	for _, i := range sailsOrder(addresses) {
		sorted = append(sorted, list[i])
	}
	return sorted, nil
}
