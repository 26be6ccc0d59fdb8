// Package media saves what a person says: sound as a WAV file, pictures as JPEG files.
package media

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	tthv1 "github.com/tth/tth/clients/go/gen/tth/v1"
)

const headerBytes = 44

// Recorder saves one turn: 16-bit PCM sound in NAME.wav, its frames in NAME/000001.jpg and on.
type Recorder struct {
	Frames, Samples int
	wav             *os.File
	rateHz          int
	framesDir       string
}

// Record begins the files NAME.wav and NAME-frames/ in dir.
func Record(dir, wav, frames string) (*Recorder, error) {
	framesDir := filepath.Join(dir, frames)
	if err := os.MkdirAll(framesDir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(dir, wav))
	if err != nil {
		return nil, err
	}
	if _, err = file.Write(make([]byte, headerBytes)); err != nil { // it is known at the end
		return nil, err
	}
	return &Recorder{wav: file, framesDir: framesDir}, nil
}

// Take saves what an event brings; other events are none of its business.
func (r *Recorder) Take(response *tthv1.ConverseResponse) (err error) {
	switch payload := response.Payload.(type) {
	case *tthv1.ConverseResponse_AudioChunk:
		r.rateHz = int(payload.AudioChunk.SampleRateHz)
		r.Samples += int(payload.AudioChunk.SampleCount)
		_, err = r.wav.Write(payload.AudioChunk.Data)
	case *tthv1.ConverseResponse_VideoFrame:
		r.Frames++
		err = os.WriteFile(filepath.Join(r.framesDir, fmt.Sprintf("%06d.jpg", r.Frames)), payload.VideoFrame.Data, 0o644)
	}
	return err
}

// Close completes the WAV file.
func (r *Recorder) Close() error {
	const channels, sampleBytes = 1, 2
	dataBytes := r.Samples * channels * sampleBytes
	header := make([]byte, 0, headerBytes)
	header = append(header, "RIFF"...)
	header = binary.LittleEndian.AppendUint32(header, uint32(headerBytes-8+dataBytes))
	header = append(header, "WAVEfmt "...)
	header = binary.LittleEndian.AppendUint32(header, 16)
	header = binary.LittleEndian.AppendUint16(header, 1) // PCM
	header = binary.LittleEndian.AppendUint16(header, channels)
	header = binary.LittleEndian.AppendUint32(header, uint32(r.rateHz))
	header = binary.LittleEndian.AppendUint32(header, uint32(r.rateHz*channels*sampleBytes))
	header = binary.LittleEndian.AppendUint16(header, channels*sampleBytes)
	header = binary.LittleEndian.AppendUint16(header, 8*sampleBytes)
	header = append(header, "data"...)
	header = binary.LittleEndian.AppendUint32(header, uint32(dataBytes))
	if _, err := r.wav.WriteAt(header, 0); err != nil {
		return err
	}
	return r.wav.Close()
}
