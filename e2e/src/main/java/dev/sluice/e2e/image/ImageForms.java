package dev.sluice.e2e.image;

import dev.sluice.e2e.runtime.ClientProgram;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** All forms that an image can be made in here. */
public final class ImageForms {

    private ImageForms() {}

    /** As builders make them, and as tools convert them. */
    public static List<ImageForm> all() {
        return List.of(
                ImageForm.of("gzip", (image, target) -> ImagePublisher.push(image.layout(), DebianImage.TAG, target))
                        .withLaziness(Laziness.AGAIN),
                recompressed("tar", Recompression.NONE),
                recompressed("zstd", Recompression.ZSTD).withLaziness(Laziness.AGAIN_BY_LAYERS),
                recompressed("zstd-frames", Recompression.ZSTD_FRAMES),
                ImageForm.of(
                                "estargz",
                                (image, target) -> Estargz.convert(image.containerd(), image.reference(), target))
                        .withPrograms("ctr-remote")
                        .withExcuses(Excuse.NEAREST_SECOND),
                ImageForm.of("estargz-footer-of-stargz", StargzFooter::push)
                        .withPrograms("ctr-remote")
                        .withExcuses(Excuse.NEAREST_SECOND),
                ImageForm.of(
                                "estargz-external-toc",
                                (image, target) -> Estargz.convertExternally(
                                        image.containerd(),
                                        image.program(ClientProgram.NERDCTL1),
                                        image.work(),
                                        image.reference(),
                                        target))
                        .withPrograms("ctr-remote")
                        .withClients(ClientProgram.NERDCTL1)
                        .withExcuses(Excuse.NEAREST_SECOND),
                ImageForm.of(
                                "zstd-chunked-skopeo",
                                (image, target) -> ZstdChunked.pushWithSkopeo(image.layout(), image.work(), target))
                        .withExcuses(Excuse.NO_EMPTY_XATTR),
                ImageForm.of(
                                "zstd-chunked-storage",
                                (image, target) -> ZstdChunked.pushWithStorage(
                                        image.program(ClientProgram.ZSTDCHUNKED), image.layout(), image.work(), target))
                        .withClients(ClientProgram.ZSTDCHUNKED),
                ImageForm.of(
                                "zstd-chunked-stargz",
                                (image, target) -> ZstdChunked.convert(
                                        image.containerd(),
                                        image.program(ClientProgram.NERDCTL2),
                                        image.work(),
                                        image.reference(),
                                        target))
                        .withPrograms("ctr-remote")
                        .withClients(ClientProgram.NERDCTL2)
                        .withExcuses(Excuse.NEAREST_SECOND),
                BuildKit.form("estargz").withExcuses(Excuse.NEAREST_SECOND),
                BuildKit.form("zstd").withLaziness(Laziness.AGAIN_BY_LAYERS),
                Soci.convertedForm(),
                Soci.indexedForm());
    }

    /** All of them, and those whose makers refuse some images. */
    public static List<ImageForm> withFrail() {
        return Stream.concat(all().stream(), frail().stream()).toList();
    }

    /** Forms whose makers refuse some images: they are made of {@link FormsImage#FRAIL}. */
    public static List<ImageForm> frail() {
        return List.of(
                Nydus.form("zstd").withExcuses(Excuse.NO_TIME, Excuse.SECOND_BEFORE),
                Nydus.form("lz4_block").withExcuses(Excuse.NO_TIME, Excuse.SECOND_BEFORE),
                Nydus.form("none").withExcuses(Excuse.NO_TIME, Excuse.SECOND_BEFORE),
                Nydus.reference().withExcuses(Excuse.NO_TIME, Excuse.SECOND_BEFORE),
                erofs("erofs", ErofsLayers.PLAIN),
                erofs("erofs-inline", ErofsLayers.INLINE),
                erofs("erofs-chunks", ErofsLayers.CHUNKS));
    }

    private static ImageForm erofs(String name, ErofsLayers layers) {
        return ImageForm.of(name, (image, target) -> {
                    Path layout = image.work().resolve("layout");
                    layers.write(image.layout(), layout);
                    ImagePublisher.push(layout, DebianImage.TAG, target);
                })
                .withPrograms("mkfs.erofs", "setfattr")
                .withLaziness(Laziness.AGAIN);
    }

    private static ImageForm recompressed(String name, Recompression compression) {
        return ImageForm.of(name, (image, target) -> {
                    Path layout = image.work().resolve("layout");
                    compression.write(image.layout(), layout);
                    ImagePublisher.push(layout, DebianImage.TAG, target);
                })
                .withLaziness(Laziness.AGAIN);
    }
}
