//! Saves what a person says: sound as a WAV file, pictures as JPEG files.

use std::fs::{self, File};
use std::io::{Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tth_client::proto::{ConverseResponse, converse_response::Payload};

const HEADER_BYTES: u32 = 44;
const SAMPLE_BYTES: u32 = 2;

/// One turn: 16-bit PCM sound in turn.wav, its frames in frames/000001.jpg and on.
pub struct Recorder {
    pub frames: u32,
    pub samples: u32,
    rate_hz: u32,
    wav: File,
    frames_folder: PathBuf,
}

impl Recorder {
    pub fn new(folder: &Path) -> Result<Self> {
        let frames_folder = folder.join("frames");
        fs::create_dir_all(&frames_folder)?;
        let mut wav = File::create(folder.join("turn.wav"))?;
        wav.write_all(&[0; HEADER_BYTES as usize])?; // it is known at the end
        Ok(Self { frames: 0, samples: 0, rate_hz: 0, wav, frames_folder })
    }

    /// Saves what an event brings; other events are none of its business.
    pub fn take(&mut self, response: &ConverseResponse) -> Result<()> {
        match &response.payload {
            Some(Payload::AudioChunk(chunk)) => {
                self.rate_hz = chunk.sample_rate_hz as u32;
                self.samples += chunk.sample_count as u32;
                self.wav.write_all(&chunk.data)
            }
            Some(Payload::VideoFrame(frame)) => {
                self.frames += 1;
                fs::write(self.frames_folder.join(format!("{:06}.jpg", self.frames)), &frame.data)
            }
            _ => Ok(()),
        }
    }

    /// Completes the WAV file; returns the seconds of sound in it.
    pub fn close(mut self) -> Result<f64> {
        let data_bytes = self.samples * SAMPLE_BYTES;
        let mut header = Vec::with_capacity(HEADER_BYTES as usize);
        header.extend(b"RIFF");
        header.extend((HEADER_BYTES - 8 + data_bytes).to_le_bytes());
        header.extend(b"WAVEfmt ");
        header.extend(16_u32.to_le_bytes());
        header.extend([1, 0, 1, 0]); // PCM, one channel
        header.extend(self.rate_hz.to_le_bytes());
        header.extend((self.rate_hz * SAMPLE_BYTES).to_le_bytes());
        header.extend([SAMPLE_BYTES as u8, 0, 8 * SAMPLE_BYTES as u8, 0]);
        header.extend(b"data");
        header.extend(data_bytes.to_le_bytes());
        self.wav.seek(SeekFrom::Start(0))?;
        self.wav.write_all(&header)?;
        Ok(f64::from(self.samples) / f64::from(self.rate_hz.max(1)))
    }
}
