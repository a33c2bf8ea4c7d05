package dev.sluice.layer;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The decoders that this process knows, by {@link Decoder#id}. Immutable, safe for use by many threads. */
public final class Decoders {
    private final Map<Integer, Decoder> byId;

    /** @throws IllegalArgumentException if two decoders have one id, or an id does not fit 16 bits */
    public Decoders(List<Decoder> decoders) {
        Map<Integer, Decoder> map = new HashMap<>();
        for (Decoder decoder : decoders) {
            if (decoder.id() < 0 || decoder.id() > 0xFFFF) {
                throw new IllegalArgumentException("id of a decoder does not fit 16 bits: " + decoder.id());
            }
            if (map.put(decoder.id(), decoder) != null) {
                throw new IllegalArgumentException("two decoders have the id " + decoder.id());
            }
        }
        byId = Map.copyOf(map);
    }

    /** @throws IOException if there is none, as when a newer version wrote the span table */
    public Decoder get(int id) throws IOException {
        @Nullable Decoder decoder = byId.get(id);
        if (decoder == null) {
            throw new IOException("no decoder has the id " + id + ", known are " + byId.keySet());
        }
        return decoder;
    }
}
