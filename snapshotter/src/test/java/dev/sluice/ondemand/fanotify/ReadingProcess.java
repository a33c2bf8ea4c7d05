package dev.sluice.ondemand.fanotify;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * A process that reads a file in a way of its choice and prints the SHA-256 of what it got. This must not be done in the process that serves
 * the file: a page fault that waits stops a whole JVM.
 */
final class ReadingProcess {
    private ReadingProcess() {}

    /**
     * Starts one.
     *
     * @param how {@code map} or {@code send}
     */
    static Process start(String how, Path file) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ReadingProcess.class.getName(),
                        how,
                        file.toString())
                .redirectErrorStream(true)
                .start();
    }

    public static void main(String[] args) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        Path file = Path.of(args[1]);
        try (FileChannel channel = FileChannel.open(file)) {
            if (args[0].equals("map")) {
                digest.update(channel.map(MapMode.READ_ONLY, 0, channel.size()));
            } else {
                digest.update(sent(channel));
            }
            System.out.print(HexFormat.of().formatHex(digest.digest()));
        } catch (InternalError | IOException e) {
            System.out.print("error: " + e.getMessage());
        }
    }

    /** To a file, so that the JDK uses {@code sendfile}. */
    private static byte[] sent(FileChannel channel) throws IOException {
        Path copy = Files.createTempFile("sent", "");
        try (FileChannel to = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            long at = 0;
            while (at < channel.size()) {
                at += channel.transferTo(at, channel.size() - at, to);
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (WritableByteChannel into = Channels.newChannel(bytes);
                    FileChannel from = FileChannel.open(copy)) {
                from.transferTo(0, from.size(), into);
            }
            return bytes.toByteArray();
        } finally {
            Files.delete(copy);
        }
    }
}
