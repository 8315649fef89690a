/* consumer MODEL, in C++: a model embeds a text. */
#include <bert.h>

#include <cstring>
#include <iostream>
#include <memory>
#include <vector>

int main(int argc, char **argv)
{
    if (argc != 2 || std::strcmp(bert_version(), BERT_VERSION_STRING) != 0)
        return 2;
    bert_error error;
    bert_model *loaded;
    if (bert_model_load(&loaded, argv[1], &error) != BERT_OK) {
        std::cerr << error.message << '\n';
        return 1;
    }
    std::unique_ptr<bert_model, decltype(&bert_model_free)> model(loaded, bert_model_free);
    bert_input input = {};
    input.text = "A king.";
    input.length = std::strlen(input.text);
    bert_embed_params params = bert_embed_params_default();
    params.normalize = true;
    std::vector<float> vector(bert_model_hidden_size(model.get()));
    if (bert_embed(model.get(), nullptr, &input, 1, &params, vector.data(), nullptr, &error) != BERT_OK) {
        std::cerr << error.message << '\n';
        return 1;
    }
    float squares = 0;
    for (float x : vector)
        squares += x * x;
    std::cout << "C++, " << bert_version() << ": " << vector.size() << " columns\n";
    return squares > 0.999f && squares < 1.001f ? 0 : 3;
}
