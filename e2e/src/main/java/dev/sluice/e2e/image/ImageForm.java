package dev.sluice.e2e.image;

import dev.sluice.e2e.runtime.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * One way in which an image can lie in a registry. Immutable; what is special about a form is added by its methods.
 *
 * @param name such as {@code zstd-chunked}; also the tag of the image in this form
 * @param maker makes it
 * @param programs of Debian that the maker runs, by file name
 * @param requirement of what else the maker runs
 * @param excuses in what the form may differ from the image that it was made of
 * @param laziness when Sluice can do with less than the whole
 * @param configuration what a daemon has to be told to use the form: tables of its configuration file
 */
public record ImageForm(
        String name,
        Maker maker,
        Set<String> programs,
        Requirement requirement,
        Set<Excuse> excuses,
        Laziness laziness,
        String configuration) {

    /** Makes a form of an image. */
    @FunctionalInterface
    public interface Maker {
        /**
         * @param image from which to make it
         * @param target under which to push it, such as {@code 127.0.0.1:5000/name:zstd-chunked}; its registry and repository are those of
         *     the image
         */
        void push(PlainImage image, String target) throws IOException;
    }

    /** What has to be built before a form can be made. */
    @FunctionalInterface
    public interface Requirement {
        /**
         * Builds it if it is not in the cache yet.
         *
         * @param tools the directory {@code e2e/tools}
         * @return false if this machine cannot build it
         */
        boolean isMet(Path tools) throws IOException;
    }

    public ImageForm {
        programs = Set.copyOf(programs);
        excuses = Set.copyOf(excuses);
    }

    /** A form that is lazy at once, and needs and excuses nothing. */
    public static ImageForm of(String name, Maker maker) {
        return new ImageForm(name, maker, Set.of(), tools -> true, Set.of(), Laziness.AT_ONCE, "");
    }

    public ImageForm withPrograms(String... changed) {
        return new ImageForm(name, maker, Set.of(changed), requirement, excuses, laziness, configuration);
    }

    public ImageForm withRequirement(Requirement changed) {
        return new ImageForm(name, maker, programs, changed, excuses, laziness, configuration);
    }

    /** In need of programs that are built for the tests. */
    public ImageForm withClients(ClientProgram... clients) {
        return withRequirement(tools -> {
            for (ClientProgram client : clients) {
                if (client.build(tools).isEmpty()) {
                    return false;
                }
            }
            return true;
        });
    }

    public ImageForm withExcuses(Excuse... changed) {
        return new ImageForm(name, maker, programs, requirement, Set.of(changed), laziness, configuration);
    }

    public ImageForm withLaziness(Laziness changed) {
        return new ImageForm(name, maker, programs, requirement, excuses, changed, configuration);
    }

    public ImageForm withConfiguration(String changed) {
        return new ImageForm(name, maker, programs, requirement, excuses, laziness, changed);
    }

    /**
     * Makes the form and pushes it beside the image.
     *
     * @return its reference
     */
    public String make(PlainImage image) throws IOException {
        String target = image.repository() + ":" + name;
        maker.push(image, target);
        return target;
    }

    @Override
    public String toString() {
        return name;
    }
}
