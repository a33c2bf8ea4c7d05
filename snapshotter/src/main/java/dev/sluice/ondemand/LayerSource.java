package dev.sluice.ondemand;

import dev.sluice.fill.LayerFill;
import java.io.IOException;
import java.util.List;

/** The layers of this machine, for a backend that is asked for one that nobody attached. Safe for use by many threads. */
public interface LayerSource {
    /** Knows no layers, so that whoever waits for one gets an error. */
    LayerSource NONE = new LayerSource() {
        @Override
        public LayerFill open(String name) throws IOException {
            throw new IOException("no daemon serves layer " + name);
        }

        @Override
        public List<String> names() {
            return List.of();
        }

        @Override
        public LayerFiles files(String name) {
            throw new IllegalArgumentException("there is no layer " + name);
        }
    };

    /**
     * Opens and attaches a layer. May take as long as a disk does; must not be called by a thread that serves requests.
     *
     * @param name as in {@link Backend#attach}
     * @throws IOException if there is no such layer, or it is damaged
     */
    LayerFill open(String name) throws IOException;

    /** The names of all layers that exist. */
    List<String> names() throws IOException;

    /** Where a layer's files are, whether it exists or not. */
    LayerFiles files(String name);
}
