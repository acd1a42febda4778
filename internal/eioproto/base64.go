package eioproto

import "encoding/base64"

// decodeBase64 decodes like Buffer.from(s, "base64") of Node: standard and
// URL-safe alphabets may be mixed, padding is optional and ends the data, other
// characters are passed over. It cannot fail; the result is never larger than
// three quarters of s.
func decodeBase64(s []byte) []byte {
	dst := make([]byte, base64.StdEncoding.DecodedLen(len(s)))
	if n, err := base64.StdEncoding.Decode(dst, s); err == nil {
		return dst[:n]
	}
	return decodeBase64Lenient(dst[:0], s)
}

func decodeBase64Lenient(dst, s []byte) []byte {
	var acc uint32
	bits := 0
	for _, c := range s {
		if c == '=' {
			break
		}
		v := base64Value[c]
		if v < 0 {
			continue
		}
		acc = acc<<6 | uint32(v)
		if bits += 6; bits >= 8 {
			bits -= 8
			dst = append(dst, byte(acc>>bits))
		}
	}
	return dst
}

// base64Value maps a character of either alphabet to its six bits, others to -1.
var base64Value = func() (table [256]int8) {
	for i := range table {
		table[i] = -1
	}
	const std = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(std) {
		table[std[i]] = int8(i)
	}
	table['-'], table['_'] = 62, 63
	return table
}()
