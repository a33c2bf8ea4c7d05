package dev.sluice.registry;

import java.io.IOException;
import okio.BufferedSource;

/** Reads whole bodies of a bounded size. */
final class Bodies {
    private Bodies() {}

    /** @throws RegistryException.Protocol if the body is larger; the rest of it is not read */
    static byte[] read(Exchange exchange, int maxBytes, Task task) throws IOException {
        if (exchange.contentLength() > maxBytes) {
            exchange.cancel();
            throw task.protocol("the answer has " + exchange.contentLength() + " bytes, more than " + maxBytes);
        }
        BufferedSource body = exchange.body();
        if (body.request(maxBytes + 1L)) {
            exchange.cancel();
            throw task.protocol("the answer has more than " + maxBytes + " bytes");
        }
        return body.readByteArray();
    }
}
