package eioproto

import "bytes"

// Separator stands between the packets of a revision 4 payload.
const Separator = 0x1E

// DecodePayload4 decodes a revision 4 polling body and hands each packet to
// each, in order. It stops at the first malformed packet (ErrPacket; those in
// front of it were delivered), after maxPackets packets when there are more
// (ErrTooManyPackets; 0 or less means no limit), or with the error each returns.
// An empty body, or a separator at the end, is an empty packet and thus
// malformed. Invalid UTF-8 becomes U+FFFD.
func DecodePayload4(body []byte, maxPackets int, each func(Packet) error) error {
	body = ToValidUTF8(body)
	for count := 1; ; count++ {
		if maxPackets > 0 && count > maxPackets {
			return ErrTooManyPackets
		}
		frame, rest, more := bytes.Cut(body, []byte{Separator})
		p, err := DecodeText(frame, 4)
		if err != nil {
			return err
		}
		if err := each(p); err != nil {
			return err
		}
		if !more {
			return nil
		}
		body = rest
	}
}
