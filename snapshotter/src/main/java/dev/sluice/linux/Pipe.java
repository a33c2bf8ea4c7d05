package dev.sluice.linux;

import java.nio.ByteBuffer;

/**
 * A {@code pipe2(2)}.
 *
 * @param source what was written comes out of it; a poll sees it hung up once all copies of the other end are closed
 * @param sink to write to
 */
public record Pipe(LinuxFile source, LinuxFile sink) implements AutoCloseable {
    static Pipe create(Native libc) throws LinuxException {
        ByteBuffer ends = Native.struct(2 * Integer.BYTES);
        libc.check(libc.libc().pipe2(ends, OpenFlags.O_CLOEXEC), "make a pipe");
        return new Pipe(
                new LinuxFile(libc, ends.getInt(0), "pipe"), new LinuxFile(libc, ends.getInt(Integer.BYTES), "pipe"));
    }

    @Override
    public void close() {
        source.close();
        sink.close();
    }
}
