package dev.sluice.e2e;

import dev.sluice.e2e.image.DebianImage;
import java.util.List;

/** Images that several tests share, so that each is made once. */
final class TestImages {

    /** A minimal Debian with Python on top, in two layers. */
    static final DebianImage PYTHON =
            new DebianImage("debian-python", List.of(List.of("ca-certificates"), List.of("python3")));

    /** Prints {@code hello}, and loads a little of the standard library for it. */
    static final List<String> PYTHON_HELLO = List.of("python3", "-c", "import json; print(json.loads('\"hello\"'))");

    private TestImages() {}
}
