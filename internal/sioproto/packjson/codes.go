package packjson

// The codes of MessagePack. Those that hold a length or a number in their low bits are
// called Fix.
const (
	codeFixMap      = 0x80 // below are the numbers 0 to 127
	codeFixArray    = 0x90
	codeFixString   = 0xa0
	codeNil         = 0xc0
	codeNever       = 0xc1
	codeFalse       = 0xc2
	codeTrue        = 0xc3
	codeBin8        = 0xc4
	codeBin16       = 0xc5
	codeBin32       = 0xc6
	codeExt8        = 0xc7
	codeExt32       = 0xc9
	codeFloat32     = 0xca
	codeFloat64     = 0xcb
	codeUint8       = 0xcc
	codeUint16      = 0xcd
	codeUint32      = 0xce
	codeUint64      = 0xcf
	codeInt8        = 0xd0
	codeInt16       = 0xd1
	codeInt32       = 0xd2
	codeInt64       = 0xd3
	codeFixExt1     = 0xd4
	codeFixExt16    = 0xd8
	codeString8     = 0xd9
	codeString16    = 0xda
	codeString32    = 0xdb
	codeArray16     = 0xdc
	codeArray32     = 0xdd
	codeMap16       = 0xde
	codeMap32       = 0xdf
	codeFixNegative = 0xe0 // from here on the numbers -32 to -1
)
