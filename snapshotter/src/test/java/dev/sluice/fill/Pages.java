package dev.sluice.fill;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/** Pages with contents that tell where they belong. */
final class Pages {
    private Pages() {}

    static ByteBuffer random(int pages, long seed) {
        byte[] bytes = new byte[pages * DataDevice.PAGE];
        new Random(seed).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    static ByteBuffer read(DataDevice device, long offset, int length) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        device.read(offset, into);
        return into.flip();
    }
}
