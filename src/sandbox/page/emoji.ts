/** The shortcodes that bots and people use most; others are shown as they are written. */
const table = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|heavy_multiplication_x ✖️|warning ⚠️|no_entry ⛔|no_entry_sign 🚫
rotating_light 🚨|octagonal_sign 🛑|stop_sign 🛑|construction 🚧|information_source ℹ️|question ❓|exclamation ❗|bangbang ‼️|grey_question ❔
hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|clock1 🕐|timer_clock ⏲️|arrows_counterclockwise 🔄|repeat 🔁|recycle ♻️
rocket 🚀|tada 🎉|sparkles ✨|fire 🔥|boom 💥|zap ⚡|bulb 💡|star ⭐|star2 🌟|trophy 🏆|dart 🎯|gem 💎|crown 👑
gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|toolbox 🧰|nut_and_bolt 🔩|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍
computer 💻|desktop_computer 🖥️|server 🖥️|keyboard ⌨️|floppy_disk 💾|cd 💿|dvd 📀|minidisc 💽|battery 🔋|electric_plug 🔌|satellite 🛰️
package 📦|inbox_tray 📥|outbox_tray 📤|file_folder 📁|open_file_folder 📂|page_facing_up 📄|clipboard 📋|memo 📝|pencil ✏️|pencil2 ✏️|books 📚|bookmark 🔖|label 🏷️
camera 📷|camera_with_flash 📸|frame_with_picture 🖼️|movie_camera 🎥|mag 🔍|mag_right 🔎|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|calendar 📆|date 📅
lock 🔒|unlock 🔓|key 🔑|closed_lock_with_key 🔐|shield 🛡️|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|speech_balloon 💬|email 📧|phone ☎️
play_or_pause_button ⏯️|arrow_forward ▶️|double_vertical_bar ⏸️|pause_button ⏸️|black_square_for_stop ⏹️|stop_button ⏹️|fast_forward ⏩|rewind ⏪|record_button ⏺️|eject ⏏️
arrow_up ⬆️|arrow_down ⬇️|arrow_left ⬅️|arrow_right ➡️|arrow_right_hook ↪️|leftwards_arrow_with_hook ↩️|heavy_plus_sign ➕|heavy_minus_sign ➖
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫
large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|white_large_square ⬜|black_large_square ⬛|small_blue_diamond 🔹|small_orange_diamond 🔸
thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|ok_hand 👌|wave 👋|clap 👏|pray 🙏|muscle 💪|raised_hands 🙌|raised_hand ✋|point_right 👉|point_left 👈|point_up ☝️|point_down 👇|eyes 👀
smile 😄|smiley 😃|grinning 😀|slightly_smiling_face 🙂|wink 😉|joy 😂|thinking_face 🤔|sob 😭|sweat_smile 😅|confused 😕|scream 😱|sunglasses 😎|robot_face 🤖|ghost 👻|skull 💀
heart ❤️|broken_heart 💔|blue_heart 💙|green_heart 💚|100 💯|coffee ☕|beer 🍺|pizza 🍕|cake 🍰|sleeping 😴|zzz 💤|snowflake ❄️|sunny ☀️|cloud ☁️|umbrella ☔|rainbow 🌈
bug 🐛|ant 🐜|turtle 🐢|whale 🐳|penguin 🐧|cat 🐱|dog 🐶|unicorn_face 🦄|seedling 🌱|evergreen_tree 🌲|wastebasket 🗑️|broom 🧹|scissors ✂️|house 🏠|office 🏢|factory 🏭
globe_with_meridians 🌐|earth_africa 🌍|checkered_flag 🏁|triangular_flag_on_post 🚩|man 👨|woman 👩|busts_in_silhouette 👥|bust_in_silhouette 👤|crystal_ball 🔮|test_tube 🧪|microscope 🔬|thermometer 🌡️
`

const symbols = new Map(
  table
    .trim()
    .split(/[|\n]/)
    .map((entry) => {
      const [name = '', symbol = ''] = entry.split(' ')
      return [name, symbol] as const
    }),
)

export function emojiOf(name: string): string | undefined {
  return symbols.get(name.replace(/::skin-tone-\d$/, ''))
}
