package sioproto

// Looked is Split and tells how many bytes it looked at.
func Looked(data []byte, attachments, maxDepth int) (int, error) {
	s := scanner{data: data, maxDepth: maxDepth}
	_, err := s.split(attachments, nil)
	return s.looked, err
}
