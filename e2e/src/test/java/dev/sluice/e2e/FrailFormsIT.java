package dev.sluice.e2e;

import dev.sluice.e2e.image.FormsImage;
import dev.sluice.e2e.image.ImageForms;
import java.io.IOException;

/** Forms whose makers refuse a part of what is in the image of {@link FormsIT}. */
class FrailFormsIT extends FormsTrees {
    FrailFormsIT() throws IOException {
        super(FormsBed.of(FormsImage.FRAIL), ImageForms.frail(), Machine.newestContainerd(), "forms-frail.txt");
    }
}
