<?php
/**
 * Every hook of the plugin, in one place.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// A visitor's call (chat, feedback, …) is answered here, before WordPress has done most of its work: see Early_Answer.
add_action( 'plugins_loaded', array( Early_Answer::class, 'maybe_answer' ), 1 );

// The same calls as a REST namespace: so that they can be discovered, and for sites that switch the early answer off.
add_action( 'rest_api_init', array( Rest_Routes::class, 'register' ) );
add_filter( 'rest_pre_serve_request', array( Rest_Routes::class, 'serve' ), 0, 3 );

// The widget on the page.
add_action( 'wp_enqueue_scripts', array( Widget::class, 'enqueue' ) );
add_filter( 'script_loader_tag', array( Widget::class, 'script_tag' ), 10, 2 );

// What changes on the site: posts of any kind, by whatever way, …
add_action( 'wp_after_insert_post', array( Change_Watcher::class, 'post_saved' ), 10, 4 );
add_action( 'transition_post_status', array( Change_Watcher::class, 'status_changed' ), 10, 3 );
add_action( 'deleted_post', array( Change_Watcher::class, 'post_deleted' ), 10, 2 );
add_action( 'set_object_terms', array( Change_Watcher::class, 'note' ) );
add_action( 'deleted_term_relationships', array( Change_Watcher::class, 'note' ) );
foreach ( array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ) as $pennypress_hook ) {
	add_action( $pennypress_hook, array( Change_Watcher::class, 'meta_changed' ), 10, 3 );
}
unset( $pennypress_hook );
// … products of WooCommerce, whose price and stock change by themselves, or all at once with a setting of the shop, …
add_action( 'woocommerce_update_product', array( Change_Watcher::class, 'product_changed' ) );
add_action( 'woocommerce_update_product_variation', array( Change_Watcher::class, 'product_changed' ) );
add_action( 'woocommerce_product_set_stock', array( Change_Watcher::class, 'product_changed' ) );
add_action( 'woocommerce_variation_set_stock', array( Change_Watcher::class, 'product_changed' ) );
add_action( 'woocommerce_product_set_stock_status', array( Change_Watcher::class, 'product_changed' ) );
add_action( 'woocommerce_variation_set_stock_status', array( Change_Watcher::class, 'product_changed' ) );
add_action( 'updated_option', array( Product_Facts::class, 'option_changed' ) );
add_action( 'edited_term', array( Product_Facts::class, 'term_changed' ), 10, 3 );
// … menus, …
add_action( 'wp_update_nav_menu', array( Change_Watcher::class, 'menus_changed' ) );
add_action( 'wp_delete_nav_menu', array( Change_Watcher::class, 'menus_changed' ) );
add_action( 'switch_theme', array( Change_Watcher::class, 'menus_changed' ) );
// … and what all addresses depend on.
add_action( 'permalink_structure_changed', array( Comparison::class, 'begin_soon' ) );

// Sending it: in a request of the site to itself, by WP-Cron, and once a day all of it compared.
add_action( 'wp_loaded', array( Loopback::class, 'maybe_answer' ), 0 );
add_action( 'pennypress_work', array( Worker::class, 'on_cron' ) );
add_action( 'pennypress_compare', array( Worker::class, 'on_daily' ) );

// "Keep this page out of the chat's answers", beside a post.
add_action( 'rest_api_init', array( Keep_Out::class, 'register_field' ) );

// Settings → Pennypress.
if ( is_admin() ) {
	add_action( 'admin_menu', array( Settings_Page::class, 'add' ) );
	add_action( 'admin_enqueue_scripts', array( Settings_Page::class, 'enqueue' ) );
	add_action( 'wp_ajax_pennypress_test', array( Settings_Form::class, 'answer_test' ) );
	add_filter( 'plugin_action_links_' . plugin_basename( MAIN_FILE ), array( Settings_Page::class, 'action_links' ) );
	add_action( 'wp_ajax_pennypress_content', array( Content_Panel::class, 'answer' ) );
	add_action( 'admin_init', array( Privacy_Policy::class, 'suggest' ) );
	add_action( 'admin_init', array( Learning::class, 'look_after' ) );
	add_action( 'enqueue_block_editor_assets', array( Keep_Out::class, 'enqueue' ) );
	add_action( 'add_meta_boxes', array( Keep_Out::class, 'add_box' ) );
	add_action( 'save_post', array( Keep_Out::class, 'save' ) );
}

// The zip from the operator's page carries address, key and secret; they are taken in once and the file goes.
register_activation_hook( MAIN_FILE, array( Preset::class, 'import' ) );
register_activation_hook( MAIN_FILE, array( Learning::class, 'take_up' ) );
register_deactivation_hook( MAIN_FILE, array( Learning::class, 'pause' ) );

// On a network, a site that is deleted takes its table along.
add_filter( 'wpmu_drop_tables', array( Document_Table::class, 'add_ours' ) );
