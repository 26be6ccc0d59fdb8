package tth.example;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import tth.v1.Converse.ConverseResponse;
import tth.v1.Media.AudioChunk;

/** Saves one turn: 16-bit PCM sound in turn.wav, its frames in frames/000001.jpg and on. */
public final class Recorder implements AutoCloseable {
  private static final int HEADER_BYTES = 44;
  private static final int SAMPLE_BYTES = 2;

  private final RandomAccessFile wav;
  private final Path framesFolder;
  private int frameCount;
  private int sampleCount;
  private int rateHz = 24_000;

  public Recorder(Path folder) throws IOException {
    framesFolder = Files.createDirectories(folder.resolve("frames"));
    wav = new RandomAccessFile(folder.resolve("turn.wav").toFile(), "rw");
    wav.setLength(HEADER_BYTES); // the header is known at the end
    wav.seek(HEADER_BYTES);
  }

  /** Saves what an event brings; other events are none of its business. */
  public void take(ConverseResponse response) throws IOException {
    if (response.hasAudioChunk()) {
      AudioChunk chunk = response.getAudioChunk();
      rateHz = chunk.getSampleRateHz();
      sampleCount += chunk.getSampleCount();
      wav.write(chunk.getData().toByteArray());
    } else if (response.hasVideoFrame()) {
      frameCount++;
      Path file = framesFolder.resolve(String.format("%06d.jpg", frameCount));
      Files.write(file, response.getVideoFrame().getData().toByteArray());
    }
  }

  public int frameCount() {
    return frameCount;
  }

  public double soundSeconds() {
    return (double) sampleCount / rateHz;
  }

  /** Completes the WAV file. */
  @Override
  public void close() throws IOException {
    int dataBytes = sampleCount * SAMPLE_BYTES;
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.put(ascii("RIFF")).putInt(HEADER_BYTES - 8 + dataBytes).put(ascii("WAVEfmt ")).putInt(16);
    header.putShort((short) 1).putShort((short) 1); // PCM, one channel
    header.putInt(rateHz).putInt(rateHz * SAMPLE_BYTES);
    header.putShort((short) SAMPLE_BYTES).putShort((short) (8 * SAMPLE_BYTES));
    header.put(ascii("data")).putInt(dataBytes);
    wav.seek(0);
    wav.write(header.array());
    wav.close();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
