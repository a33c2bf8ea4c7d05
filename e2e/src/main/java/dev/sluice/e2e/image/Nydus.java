package dev.sluice.e2e.image;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.runtime.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Makes images of nydus (RAFS version 6) with the library that nydusify and BuildKit use, and nydus' own builder of layers. */
public final class Nydus {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private Nydus() {}

    /** @param compressor of chunks: {@code zstd}, {@code lz4_block} or {@code none} */
    public static ImageForm form(String compressor) {
        return form("nydus-" + compressor.replaceFirst("_.*", ""), "-compressor", compressor);
    }

    /** The gzip layers stay as they are; the image has only what is needed to begin in their middle. */
    public static ImageForm reference() {
        return form("nydus-zran", "-oci-ref");
    }

    private static ImageForm form(String name, String... options) {
        return ImageForm.of(name, (image, target) -> push(image, target, options))
                .withClients(ClientProgram.NYDUSIFY, ClientProgram.NYDUSIMAGE);
    }

    private static void push(PlainImage image, String target, String... options) throws IOException {
        Path layout = image.work().resolve("layout");
        Command.of("cp", "-r", "--no-preserve=mode", image.layout().toString(), layout.toString())
                .run();
        List<String> arguments = Stream.concat(
                        Stream.of(
                                program(image, ClientProgram.NYDUSIFY),
                                layout.toString(),
                                program(image, ClientProgram.NYDUSIMAGE)),
                        Stream.of(options))
                .toList();
        Command.of(arguments).withTimeout(TIMEOUT).run();
        ImagePublisher.push(layout, DebianImage.TAG, target);
    }

    private static String program(PlainImage image, ClientProgram program) throws IOException {
        return program.build(image.tools())
                .orElseThrow(() -> new IOException("Tried to build " + program.directory() + " but failed"))
                .toString();
    }
}
